export { type Fault, formatFault } from './fault.js';
export { type ParsedSearch, parseSearchFile } from './search-file.js';
export { summarizeSearch } from './summary.js';
