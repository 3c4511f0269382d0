/** Port of the page where none is named: the same at every start, so that a tunnel to it can be kept. */
export const USUAL_PAGE_PORT = 8792
