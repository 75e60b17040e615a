import { Injectable } from '@nestjs/common';
import { clock, Config, UnitOfWork } from '#core';
import { attemptKeys, plainEmail } from './sign-in/attempt-keys.js';
import { tooMany } from './sign-in/too-many.js';

/**
 * Each kind by itself: nobody who asks for resets keeps anybody from being invited. One company leaves some to the others, whoever has made it;
 * its twenty invitations at once, and the first one, are still one mistake.
 */
const MAILS = { reset: { all: 10, company: 3 }, invitation: { all: 50, company: 25 }, notice: { all: 10, company: 5 } };
type Kind = keyof typeof MAILS;

const HOUR = 3_600_000;

const TAKEN = 'SELECT key, "windowStartedAt" AS since FROM sign_in_attempts WHERE key = ANY ($1) AND "windowStartedAt" > $2';
const TAKE = `
  INSERT INTO sign_in_attempts AS a (key, failures, "windowStartedAt", "lockedUntil") VALUES ($1, 0, $2, NULL)
  ON CONFLICT (key) DO UPDATE SET "windowStartedAt" = EXCLUDED."windowStartedAt" WHERE a."windowStartedAt" <= $3
  RETURNING key`;

/** How a statement is sent; its values begin at `$1`. */
type Ask = <T>(text: string, values: unknown[]) => Promise<T[]>;

/** Of which a mail needs one that is free, by their keys. */
type Places = string[];

/**
 * At most ten resets, 50 invitations and ten notices in any hour to one address, for all replicas and companies together. As many places an
 * address, and some fewer a company there, each taken for an hour: a counter of a window would let twice as many through around its end. The
 * rows name no address, only its HMAC.
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

  /**
   * Whether another reset may go to this address now; it is counted then. Outside every transaction.
   * @param companyId whose account it is for; null for the only one of the address: there is no other to leave any to
   */
  takeReset(email: string, companyId: string | null): Promise<boolean> {
    return this.take(this.places('reset', email, companyId), (text, values) => this.work.outside(text, values));
  }

  /** Whether the present company may send another notice to this address now; it is counted with the present transaction. */
  async takeNotice(email: string): Promise<boolean> {
    return this.take(this.places('notice', email, this.work.tenant.companyId), await this.inside());
  }

  /** Takes a place for an invitation in the present transaction: what is refused later takes none. @throws 429 */
  async requireInvitation(email: string): Promise<void> {
    const [places, ask] = [this.places('invitation', email, this.work.tenant.companyId), await this.inside()];
    if (await this.take(places, ask)) return;
    const taken = await this.taken(places, ask);
    const ends = places.map((some) => some.map((place) => taken.get(place) ?? -Infinity));
    const [end, limit] = ends.map((some) => [Math.min(...some) + HOUR, some.length] as const).toSorted(([a], [b]) => b - a)[0]!;
    throw tooMany('Too many invitations to this address', limit, clock.now().getTime(), end);
  }

  private async inside(): Promise<Ask> {
    const manager = await this.work.manager();
    return (text, values) => manager.query(text, values);
  }

  /** One of each, or none at all, unless somebody takes the last one meanwhile. */
  private async take(places: Places[], ask: Ask): Promise<boolean> {
    const taken = await this.taken(places, ask);
    const free = places.map((some) => some.filter((place) => !taken.has(place)));
    if (free.some((some) => some.length === 0)) return false;
    for (const some of free) if (!(await this.takeOne(some, ask))) return false;
    return true;
  }

  private async takeOne(places: Places, ask: Ask): Promise<boolean> {
    const now = clock.now();
    for (const place of places) if ((await ask(TAKE, [place, now, new Date(now.getTime() - HOUR)])).length === 1) return true; // else somebody was quicker
    return false;
  }

  /** Since when, in milliseconds. */
  private async taken(places: Places[], ask: Ask): Promise<Map<string, number>> {
    const rows = await ask<{ key: string; since: string }>(TAKEN, [places.flat(), new Date(clock.now().getTime() - HOUR)]);
    return new Map(rows.map(({ key, since }) => [key, new Date(since).getTime()]));
  }

  /** The company's first: of many at once those that find none there take none of the others'. */
  private places(kind: Kind, email: string, companyId: string | null): Places[] {
    const { all, company } = MAILS[kind];
    const of = (count: number, whose: string): Places =>
      Array.from({ length: count }, (_, place) => this.keyOf(`${kind} ${place} ${whose}${plainEmail(email)}`));
    return [...(companyId === null ? [] : [of(company, `${companyId} `)]), of(all, '')];
  }
}
