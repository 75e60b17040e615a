import type { Config } from '#core';

/** SQL: whether a session opens anything. @param now,idleSince parameters such as `$3` */
export const aliveSession = (alias: string, now: string, idleSince: string): string =>
  `(${alias}."revokedAt" IS NULL AND ${alias}."deletedAt" IS NULL AND ${alias}."expiresAt" > ${now} AND ${alias}."lastSeenAt" > ${idleSince})`;

/** A session that was last used at this instant, or before it, has idled out by now. */
export const idleSince = ({ sessionIdleTtl }: Config, now: Date): Date => new Date(now.getTime() - sessionIdleTtl * 1000);

/** SQL: when a session ended: what came first of its revocation and its end (`least` passes over nulls). */
export const sessionEnd = (alias: string): string => `least(${alias}."revokedAt", ${alias}."expiresAt")`;
