import { Injectable } from '@nestjs/common';
import { clock, Config, UnitOfWork } from '#core';
import { attemptKeys, plainEmail } from './sign-in/attempt-keys.js';
import { tooMany } from './sign-in/too-many.js';

/** Each kind by itself: nobody who asks for resets keeps anybody from being invited. Twenty at once are still one mistake. */
const MAILS = { reset: 10, invitation: 25, notice: 5 };
type Kind = keyof typeof MAILS;

const HOUR = 3_600_000;

const TAKEN = 'SELECT key, "windowStartedAt" AS since FROM sign_in_attempts WHERE key = ANY ($1) AND "windowStartedAt" > $2';
const TAKE = `
  INSERT INTO sign_in_attempts AS a (key, failures, "windowStartedAt", "lockedUntil") VALUES ($1, 0, $2, NULL)
  ON CONFLICT (key) DO UPDATE SET "windowStartedAt" = EXCLUDED."windowStartedAt" WHERE a."windowStartedAt" <= $3
  RETURNING key`;

/** How a statement is sent; its values begin at `$1`. */
type Ask = <T>(text: string, values: unknown[]) => Promise<T[]>;

/**
 * At most ten resets, 25 invitations and five notices in any hour to one address, for all replicas and companies together. As many places an
 * address, each taken for an hour: a counter of a window would let twice as many through around its end. The rows name no address, only its HMAC.
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

  /** Whether another reset may go to this address now; it is counted then. Outside every transaction. */
  takeReset(email: string): Promise<boolean> {
    return this.take('reset', email, (text, values) => this.work.outside(text, values));
  }

  /** Whether another notice may go to this address now; it is counted with the present transaction. */
  async takeNotice(email: string): Promise<boolean> {
    return this.take('notice', email, await this.inside());
  }

  /** Takes a place for an invitation in the present transaction: what is refused later takes none. @throws 429 */
  async requireInvitation(email: string): Promise<void> {
    const ask = await this.inside();
    if (await this.take('invitation', email, ask)) return;
    const since = (await this.taken('invitation', email, ask)).map((place) => new Date(place.since).getTime());
    throw tooMany('Too many invitations to this address', MAILS.invitation, clock.now().getTime(), Math.min(...since) + HOUR);
  }

  private async inside(): Promise<Ask> {
    const manager = await this.work.manager();
    return (text, values) => manager.query(text, values);
  }

  private async take(kind: Kind, email: string, ask: Ask): Promise<boolean> {
    const taken = new Set((await this.taken(kind, email, ask)).map(({ key }) => key));
    const now = clock.now();
    for (const place of this.places(kind, email).filter((key) => !taken.has(key))) {
      if ((await ask(TAKE, [place, now, new Date(now.getTime() - HOUR)])).length === 1) return true; // else somebody was quicker
    }
    return false;
  }

  private taken(kind: Kind, email: string, ask: Ask): Promise<{ key: string; since: string }[]> {
    return ask(TAKEN, [this.places(kind, email), new Date(clock.now().getTime() - HOUR)]);
  }

  private places(kind: Kind, email: string): string[] {
    return Array.from({ length: MAILS[kind] }, (_, place) => this.keyOf(`${kind} ${place} ${plainEmail(email)}`));
  }
}
