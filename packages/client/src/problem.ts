import type { FieldFault, Problem, ProblemCode } from './schema.js';

/** The server refused. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  /** `unexpected_answer` is the client's own: what came is no problem document, so it came from something in between. */
  readonly code: ProblemCode | 'unexpected_answer';
  readonly detail: string;
  /** What is wrong with the request, one line a field. */
  readonly errors: readonly FieldFault[];
  /** What the operator of the server finds it by. */
  readonly requestId: string | undefined;

  constructor(
    readonly status: number,
    /** The whole document; some codes have further members, such as `conflictsWith`. */
    readonly problem: Partial<Problem> & Record<string, unknown>,
    /** How long the server asks to wait. */
    readonly retryAfterMs?: number,
  ) {
    const { code = 'unexpected_answer', title = `HTTP ${status}`, detail = title, errors = [], requestId } = problem;
    super(`${status} ${code}: ${[detail, ...errors.map((fault) => `${fault.pointer} ${fault.detail}`)].join('; ')}`);
    this.code = code;
    this.detail = detail;
    this.errors = errors;
    this.requestId = requestId;
  }

  static async of(response: Response): Promise<ProblemError> {
    const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json');
    const text = await response.text();
    const problem = isProblem ? (JSON.parse(text) as Problem) : { detail: `HTTP ${response.status} ${text.slice(0, 200)}`.trim() };
    return new ProblemError(response.status, { ...problem }, askedMs(response));
  }
}

/** The server itself refuses a token. A proxy that wants a sign-in of its own knows nothing of the session. */
export const isTokenRefused = (error: unknown): error is ProblemError =>
  error instanceof ProblemError && error.status === 401 && error.code !== 'unexpected_answer';

/** The session has ended (revoked, expired, or its refresh token was stolen): sign in again. */
export class SignedOut extends Error {
  override readonly name = 'SignedOut';
}

/** In seconds, or as a date. */
function askedMs({ headers }: Response): number | undefined {
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}
