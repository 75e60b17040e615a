import { Injectable } from '@nestjs/common';
import { clock, Config, UnitOfWork } from '#core';
import { attemptKeys, plainEmail } from './attempt-keys.js';
import { tooMany } from './too-many.js';

const MAILS = 10;
const HOUR = 3_600_000;

const TAKEN = 'SELECT key, "windowStartedAt" AS since FROM sign_in_attempts WHERE key = ANY ($1) AND "windowStartedAt" > $2';
const TAKE = `
  INSERT INTO sign_in_attempts AS a (key, failures, "windowStartedAt", "lockedUntil") VALUES ($1, 0, $2, NULL)
  ON CONFLICT (key) DO UPDATE SET "windowStartedAt" = EXCLUDED."windowStartedAt" WHERE a."windowStartedAt" <= $3
  RETURNING key`;

/** How a statement is sent; its values begin at `$1`. */
type Ask = <T>(text: string, values: unknown[]) => Promise<T[]>;

/**
 * At most ten mails in any hour to one address, for all replicas and companies together: resets and invitations. Ten places an address, each
 * taken for an hour: a counter of a window would let twenty through around its end. The rows name no address, only its HMAC.
 */
@Injectable()
export class MailAllowance {
  private readonly keyOf: (text: string) => string;

  constructor(
    config: Config,
    private readonly work: UnitOfWork,
  ) {
    this.keyOf = attemptKeys(config);
  }

  /** Whether another mail may go to this address now; it is counted then. Outside every transaction. */
  take(email: string): Promise<boolean> {
    return this.takeBy((text, values) => this.work.outside(text, values), email);
  }

  /** Takes a place in the present transaction: what is refused later takes none. @throws 429 */
  async require(email: string): Promise<void> {
    const manager = await this.work.manager();
    const ask: Ask = (text, values) => manager.query(text, values);
    if (await this.takeBy(ask, email)) return;
    const since = (await this.taken(ask, email)).map((place) => new Date(place.since).getTime());
    throw tooMany('Too many mails to this address', MAILS, clock.now().getTime(), Math.min(...since) + HOUR);
  }

  private async takeBy(ask: Ask, email: string): Promise<boolean> {
    const taken = new Set((await this.taken(ask, email)).map(({ key }) => key));
    const now = clock.now();
    for (const place of this.places(email).filter((key) => !taken.has(key))) {
      if ((await ask(TAKE, [place, now, new Date(now.getTime() - HOUR)])).length === 1) return true; // else somebody was quicker
    }
    return false;
  }

  private taken(ask: Ask, email: string): Promise<{ key: string; since: string }[]> {
    return ask(TAKEN, [this.places(email), new Date(clock.now().getTime() - HOUR)]);
  }

  private places(email: string): string[] {
    return Array.from({ length: MAILS }, (_, place) => this.keyOf(`mail ${place} ${plainEmail(email)}`));
  }
}
