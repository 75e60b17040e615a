import { Problem } from '#core';

/** 429 of a limit that is counted in the database. @param end when the next is let through again, in milliseconds as `now` */
export function tooMany(detail: string, limit: number, now: number, end: number): Problem {
  const seconds = String(Math.max(1, Math.ceil((end - now) / 1000)));
  const headers = { 'retry-after': seconds, 'ratelimit-limit': String(limit), 'ratelimit-remaining': '0', 'ratelimit-reset': seconds };
  return new Problem('too_many_requests', { detail, headers });
}
