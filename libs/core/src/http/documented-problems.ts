import { ApiExtension } from '@nestjs/swagger';
import type { ProblemCode } from './problem.js';

/** Where {@link Problems} leaves its codes until the document is made. */
export const OWN_PROBLEMS = 'x-problems';

/**
 * The codes with which a route refuses, beyond what follows from how it is declared: not signed in, a missing permission, an unknown id
 * in the path, a stale `If-Match`, a repeat under a key, a body that is no JSON. The specs refuse an answer with any other.
 */
export const Problems = (...codes: ProblemCode[]) => ApiExtension(OWN_PROBLEMS, codes);
