import { Injectable } from '@nestjs/common';
import { clock, Config, requestScope, UnitOfWork } from '#core';
import { attemptKeys, networkOf, plainEmail } from './attempt-keys.js';
import { tooMany } from './too-many.js';

const MINUTE = 60_000;

/**
 * Failures that are let through in a window. The last one of them on an account shuts it for the time of the lock; an address waits for the
 * end of its window.
 */
const LIMITS = {
  account: { failures: 10, windowMs: 24 * 60 * MINUTE, lockMs: 15 * MINUTE },
  address: { failures: 300, windowMs: 10 * MINUTE, lockMs: null },
} as const;

type Limit = (typeof LIMITS)[keyof typeof LIMITS];

interface State {
  failures: number;
  windowStartedAt: string;
  lockedUntil: string | null;
}

// An attempt counts as a failure before the password is looked at, and is taken back when it was right: parallel guesses cannot slip by.
const IS_OVER = `coalesce(a."lockedUntil" <= $2, a."windowStartedAt" <= $3)`;
const RESERVE = `
  INSERT INTO sign_in_attempts AS a (key, failures, "windowStartedAt", "lockedUntil") VALUES ($1, 1, $2, NULL)
  ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN ${IS_OVER} THEN 1 ELSE a.failures + 1 END,
    "windowStartedAt" = CASE WHEN ${IS_OVER} THEN EXCLUDED."windowStartedAt" ELSE a."windowStartedAt" END,
    "lockedUntil" = CASE WHEN ${IS_OVER} THEN NULL WHEN a.failures + 1 = $4 THEN $5::timestamptz ELSE a."lockedUntil" END
  RETURNING failures, "windowStartedAt", "lockedUntil"`;
const TAKE_BACK = `
  UPDATE sign_in_attempts SET failures = greatest(failures - 1, 0), "lockedUntil" = CASE WHEN failures > $2 THEN "lockedUntil" END
  WHERE key = $1`;

/** One try on an account. */
export interface Attempt<T> {
  /** Looks at the password. Where it throws, its caller learns nothing of it, and the try does not count. */
  compare: () => Promise<T>;
  /** Throws when the password was wrong; whatever it throws, the try counts. Told whether that shuts the account. */
  judge: (compared: T, isLast: boolean) => Promise<void>;
  /**
   * Whether a right password wipes out the failures before it. Where one e-mail has several accounts it must not: with a company of their
   * own under a victim's address, a stranger could begin anew after every ninth guess.
   */
  forgives: (compared: T) => boolean;
}

/** Counts failed sign-ins by account and by address, and failed sign-ups by address, for all replicas together. */
@Injectable()
export class SignInAttempts {
  private readonly keyOf: (text: string) => string;
  private readonly queues = new Map<string, Promise<void>>();

  constructor(
    config: Config,
    private readonly work: UnitOfWork,
  ) {
    this.keyOf = attemptKeys(config);
  }

  /**
   * On this replica the tries on one account run one after another, so that many right ones at once are not taken for guesses.
   * @throws 429 when there were too many failures
   */
  async guard<T>(email: string, { compare, judge, forgives }: Attempt<T>): Promise<T> {
    const account = this.keyOf(`account ${plainEmail(email)}`);
    const address = this.addressKey();
    return this.inTurn(account, async () => {
      await this.reserve(address, LIMITS.address);
      const failures = await this.reserve(account, LIMITS.account).catch(async (refused: unknown) => {
        await this.takeBack(address, LIMITS.address);
        throw refused;
      });
      const compared = await compare().catch(async (error: unknown) => {
        await this.takeBack(address, LIMITS.address);
        await this.takeBack(account, LIMITS.account);
        throw error;
      });
      await judge(compared, failures === LIMITS.account.failures);
      await this.takeBack(address, LIMITS.address);
      if (forgives(compared)) await this.work.outside('DELETE FROM sign_in_attempts WHERE key = $1', [account]);
      else await this.takeBack(account, LIMITS.account);
      return compared;
    });
  }

  /**
   * Tries for which there is no account count by their address alone, together with the sign-ins from it.
   * @param counts whether what the work threw is a failure; whoever succeeds is not counted
   * @throws 429 when there were too many failures, before the work
   */
  async guardAddress<T>(work: () => Promise<T>, counts: (error: unknown) => boolean): Promise<T> {
    const address = this.addressKey();
    await this.reserve(address, LIMITS.address);
    let isFailure = false;
    try {
      return await work();
    } catch (error) {
      isFailure = counts(error);
      throw error;
    } finally {
      if (!isFailure) await this.takeBack(address, LIMITS.address);
    }
  }

  private addressKey(): string {
    return this.keyOf(`address ${networkOf(requestScope.getStore()?.ip)}`);
  }

  /** @returns how many failures there are with this one. @throws 429 */
  private async reserve(key: string, limit: Limit): Promise<number> {
    const now = clock.now().getTime();
    const values = [key, new Date(now), new Date(now - limit.windowMs), limit.failures, limit.lockMs && new Date(now + limit.lockMs)];
    const [state] = await this.work.outside<State>(RESERVE, values);
    const { failures, windowStartedAt, lockedUntil } = state!;
    if (failures <= limit.failures) return failures;
    await this.takeBack(key, limit);
    const end = lockedUntil ? Date.parse(lockedUntil) : Date.parse(windowStartedAt) + limit.windowMs;
    throw tooMany('Too many failed tries', limit.failures, now, end);
  }

  private async takeBack(key: string, limit: Limit): Promise<void> {
    await this.work.outside(TAKE_BACK, [key, limit.failures]);
  }

  private async inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.queues.get(key) ?? Promise.resolve()).then(work);
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.queues.set(key, settled);
    try {
      return await turn;
    } finally {
      if (this.queues.get(key) === settled) this.queues.delete(key);
    }
  }
}
