/** What a request was answered. */
export interface Answer {
  status: number;
  /** Parsed when it is JSON, else the text. */
  // oxlint-disable-next-line typescript/no-explicit-any -- what an answer must look like is what the specs say
  body: any;
  headers: Record<string, string | undefined>;
}
