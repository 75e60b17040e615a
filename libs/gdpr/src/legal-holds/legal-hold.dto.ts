import { Id, Instant, Note, Version } from '#core';

export class SetLegalHold {
  @Note({ example: 'Dispute about overtime', description: 'None when it is left out.' }) reason?: string | null;
}

export class LegalHoldView {
  @Id() id!: string;
  @Id({ description: 'Whose data must be kept.' }) userId!: string;
  @Note({ optional: false, example: 'Dispute about overtime' }) reason!: string | null;
  @Instant() createdAt!: string;
  @Instant() updatedAt!: string;
  @Version() version!: number;
}
