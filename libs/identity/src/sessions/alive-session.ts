import type { Config } from '#core';

/** SQL: whether a session opens anything. @param now,idleSince parameters such as `$3` */
export const aliveSession = (alias: string, now: string, idleSince: string): string =>
  `(${alias}."revokedAt" IS NULL AND ${alias}."deletedAt" IS NULL AND ${alias}."expiresAt" > ${now} AND ${alias}."lastSeenAt" > ${idleSince})`;

/** Who was seen last at this instant, or before it, has idled out by now. */
export const idleSince = ({ sessionIdleTtl }: Config, now: Date): Date => new Date(now.getTime() - sessionIdleTtl * 1000);
