import { Injectable } from '@nestjs/common';

/** What a lib does about a user, or several, in the transaction of the present request. */
type Listener<Whom> = (whom: Whom) => Promise<void>;

/** What has to happen further right in the same transaction registers here when its module starts; a throw of a listener undoes it all. */
class UserHook<Whom = string> {
  private readonly listeners: Listener<Whom>[] = [];

  register(listener: Listener<Whom>): void {
    this.listeners.push(listener);
  }

  /** One after another: they share one transaction. */
  async run(whom: Whom): Promise<void> {
    for (const listener of this.listeners) await listener(whom);
  }
}

/** A user leaves ACTIVE, is deleted or anonymised. */
@Injectable()
export class UserLeft extends UserHook {}

/** A user becomes ACTIVE, or is restored. */
@Injectable()
export class UserCame extends UserHook {}

/** The approvers listed for a user are others now. */
@Injectable()
export class ApproversChanged extends UserHook {}

/** Who leads these users may be others now: somebody came into a team of theirs or left it, leads it since or no more, or it was deleted. */
@Injectable()
export class LeadsChanged extends UserHook<string[]> {}

/** A person is anonymised: what the map of personal data cannot reach (files, memory) goes too. A purge, of many at once, runs no hook. */
@Injectable()
export class PersonErased extends UserHook {}
