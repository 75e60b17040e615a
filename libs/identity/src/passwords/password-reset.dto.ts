import { Email, Id, Password, Text } from '#core';

export class ForgotPasswordBody {
  @Email() email!: string;
  @Id({ optional: true, description: 'Only the account in this company; without it each one that has the address gets a mail.' })
  companyId?: string;
}

export class ResetPasswordBody {
  @Text(1024, { example: 'Qm9v…', description: 'What the link in the mail has as `token`.' }) token!: string;
  @Password() newPassword!: string;
}
