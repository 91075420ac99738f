export { LONGEST_DURATION_MS } from './duration.js';
export { type ParsedConfiguration, parseConfiguration } from './enqueue-section.js';
export { type Fault, formatFault } from './fault.js';
export { type ParsedSearch, parseSearchFile } from './search-file.js';
export { summarizeSearch } from './summary.js';
