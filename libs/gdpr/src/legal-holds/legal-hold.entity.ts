import { Column, Entity, Index } from 'typeorm';
import { Personal } from '#core';
import { UserOwned } from '#identity';

/** Keeps a person's data while a dispute lasts: no anonymisation, no purge. Its foreign key refuses the latter by itself. */
@Entity('legal_holds')
@Index('legal_holds_user_unique', ['companyId', 'userId'], { unique: true })
export class LegalHold extends UserOwned {
  @Column('text', { nullable: true })
  @Personal({ kind: 'free_text', whose: 'userId', purpose: 'why data must be kept', erasure: 'delete_row' })
  reason!: string | null;
}
