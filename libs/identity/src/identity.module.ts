import { Module } from '@nestjs/common';
import { PassportModule } from '@nestjs/passport';
import { ApiKeyController } from './api-keys/api-key.controller.js';
import { ApiKeyRepository } from './api-keys/api-key.repository.js';
import { ApiKeyService } from './api-keys/api-key.service.js';
import { ApiKeys } from './api-keys/api-keys.js';
import { Credentials } from './credentials.js';
import { ExpirySweep } from './expiry-sweep.js';
import { InvitationAcceptance } from './invitations/invitation-acceptance.js';
import { InvitationController } from './invitations/invitation.controller.js';
import { Invitations } from './invitations/invitation.service.js';
import { MailAllowance } from './mail-allowance.js';
import { OneTimeLinks } from './one-time-links.js';
import { NewPassword } from './passwords/new-password.js';
import { PasswordChange } from './passwords/password-change.js';
import { PasswordProof } from './passwords/password-proof.js';
import { PasswordResetController } from './passwords/password-reset.controller.js';
import { PasswordResetRequests } from './passwords/password-reset.requests.js';
import { PasswordReset } from './passwords/password-reset.service.js';
import { Passwords } from './passwords/passwords.js';
import { SessionRotation } from './sessions/session-rotation.js';
import { SessionController } from './sessions/session.controller.js';
import { SessionRepository } from './sessions/session.repository.js';
import { Sessions } from './sessions/sessions.js';
import { UserSessionsController } from './sessions/user-sessions.controller.js';
import { AccessTokenStrategy } from './sign-in/access-token.strategy.js';
import { AuthController } from './sign-in/auth.controller.js';
import { AuthenticationGuard } from './sign-in/authentication.guard.js';
import { Principals } from './sign-in/principals.js';
import { SignInAttempts } from './sign-in/sign-in-attempts.js';
import { SignIn } from './sign-in/sign-in.js';
import { SignOut } from './sign-in/sign-out.js';
import { Tokens } from './sign-in/tokens.js';
import { Admins } from './users/admins.js';
import { MeController } from './users/me.controller.js';
import { NewOwner } from './users/new-owner.js';
import { PresentPeople } from './users/present-people.js';
import { UserApproversController } from './users/user-approvers.controller.js';
import { UserApprovers } from './users/user-approvers.js';
import { UserChanges } from './users/user-changes.js';
import { UserCreation } from './users/user-creation.js';
import { UserLifecycle } from './users/user-lifecycle.js';
import { UserStatusController } from './users/user-status.controller.js';
import { UserController } from './users/user.controller.js';
import { UserPolicy } from './users/user.policy.js';
import { UserRepository } from './users/user.repository.js';

@Module({
  imports: [PassportModule],
  controllers: [
    ApiKeyController,
    AuthController,
    InvitationController,
    MeController,
    PasswordResetController,
    SessionController,
    UserApproversController,
    UserController,
    UserSessionsController,
    UserStatusController,
  ],
  providers: [
    AccessTokenStrategy,
    Admins,
    ApiKeyRepository,
    ApiKeyService,
    ApiKeys,
    AuthenticationGuard,
    Credentials,
    ExpirySweep,
    InvitationAcceptance,
    Invitations,
    MailAllowance,
    NewOwner,
    NewPassword,
    OneTimeLinks,
    PasswordChange,
    PasswordProof,
    PasswordReset,
    PasswordResetRequests,
    Passwords,
    PresentPeople,
    Principals,
    SessionRepository,
    SessionRotation,
    Sessions,
    SignIn,
    SignInAttempts,
    SignOut,
    Tokens,
    UserApprovers,
    UserChanges,
    UserCreation,
    UserLifecycle,
    UserPolicy,
    UserRepository,
  ],
  exports: [
    Admins,
    AuthenticationGuard,
    Credentials,
    NewOwner,
    OneTimeLinks,
    Passwords,
    PresentPeople,
    Principals,
    Sessions,
    Tokens,
    UserPolicy,
    UserRepository,
  ],
})
export class IdentityModule {}
