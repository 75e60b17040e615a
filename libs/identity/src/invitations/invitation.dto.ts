import { Phone, Text } from '#core';

export class AcceptInvitationBody {
  @Text(1024, { example: 'Qm9v…', description: 'What the link in the mail has as `token`.' }) token!: string;
  @Text(1024, { example: 'correct horse battery staple' }) password!: string;
  @Text(255, { optional: true, example: 'Ada' }) firstName?: string;
  @Text(255, { optional: true, example: 'Lovelace' }) lastName?: string;
  @Phone({ optional: true }) phoneNumber?: string;
}
