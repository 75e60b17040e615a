import { Module } from '@nestjs/common';
import { IdentityModule } from '#identity';
import { CompanyController } from './company.controller.js';
import { CompanyRepository } from './company.repository.js';
import { CompanyService } from './company.service.js';
import { Founding } from './founding.js';
import { SignUpController } from './sign-up.controller.js';
import { SignUp } from './sign-up.js';
import { TaskController } from './task.controller.js';
import { TaskRepository } from './task.repository.js';
import { TaskService } from './task.service.js';
import { TeamMemberController } from './team-member.controller.js';
import { TeamMemberRepository } from './team-member.repository.js';
import { TeamMemberService } from './team-member.service.js';
import { TeamController } from './team.controller.js';
import { TeamRepository } from './team.repository.js';
import { TeamService } from './team.service.js';

const COMPANY = [CompanyRepository, CompanyService, Founding, SignUp];
const TEAMS = [TeamRepository, TeamService, TeamMemberRepository, TeamMemberService];
const TASKS = [TaskRepository, TaskService];

@Module({
  imports: [IdentityModule],
  controllers: [SignUpController, CompanyController, TeamController, TeamMemberController, TaskController],
  providers: [...COMPANY, ...TEAMS, ...TASKS],
  exports: [CompanyRepository, Founding],
})
export class CompaniesModule {}
