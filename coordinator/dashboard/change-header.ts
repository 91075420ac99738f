/** The header that a page of ours sends with a request that changes something, and another site's page cannot. */
export const CHANGE_HEADER = 'x-assay-change';
