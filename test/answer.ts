/** What a request was answered. */
export interface Answer {
  status: number;
  /** Parsed when it is JSON, else the text. */
  // oxlint-disable-next-line typescript/no-explicit-any -- what an answer must look like is what the specs say
  body: any;
  headers: Record<string, string | undefined>;
}

/** Twenty at once, numbered from 0: the usual race. */
export const twenty = <T>(work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: 20 }, (_, index) => work(index)));

/** Sorted, as nobody knows who comes first. */
export const statuses = (answers: Pick<Answer, 'status'>[]): number[] => answers.map(({ status }) => status).toSorted((a, b) => a - b);

/** Sorted; such as `200` and `409 conflict`. */
export const codes = (answers: Pick<Answer, 'status' | 'body'>[]): string[] =>
  answers.map(({ status, body }) => `${status} ${body.code ?? ''}`.trim()).toSorted();

/** Of the fields that are at fault, sorted. */
export const pointers = ({ body }: Pick<Answer, 'body'>): string[] =>
  (body.errors as { pointer: string }[]).map(({ pointer }) => pointer).toSorted();
