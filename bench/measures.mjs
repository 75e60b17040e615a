import list from './list.mjs';

/** In the order in which they run and are reported. */
export const measures = [list];
