/** Before every id, and nobody's: where a walk through ids begins, and what stands for a missing one. */
export const NIL_ID = '00000000-0000-0000-0000-000000000000';
