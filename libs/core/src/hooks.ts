import { Injectable } from '@nestjs/common';

/** What a lib does about a user, in the transaction of the present request. */
type Listener = (userId: string) => Promise<void>;

/** What has to happen further right in the same transaction registers here when its module starts; a throw of a listener undoes it all. */
class UserHook {
  private readonly listeners: Listener[] = [];

  register(listener: Listener): void {
    this.listeners.push(listener);
  }

  /** One after another: they share one transaction. */
  async run(userId: string): Promise<void> {
    for (const listener of this.listeners) await listener(userId);
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

/** A person is anonymised: what the map of personal data cannot reach (files, memory) goes too. A purge, of many at once, runs no hook. */
@Injectable()
export class PersonErased extends UserHook {}
