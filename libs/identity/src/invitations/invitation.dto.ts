import { Password, Phone, Text } from '#core';

export class AcceptInvitationBody {
  @Text(1024, { example: 'Qm9v…', description: 'What the link in the mail has as `token`.' }) token!: string;
  @Password() password!: string;
  @Text(255, { optional: true, example: 'Ada' }) firstName?: string;
  @Text(255, { optional: true, example: 'Lovelace' }) lastName?: string;
  @Phone({ optional: true }) phoneNumber?: string;
}
