import { Id, Part, Text, Texts, TimeZone } from '#core';
import { UserView } from './user.dto.js';

export class CompanyReference {
  @Id() id!: string;
  @Text(255, { example: 'Analytical Engines' }) name!: string;
  @TimeZone() timezone!: string;
}

/** The signed-in user, with what they may do and where. */
export class MeView extends UserView {
  @Texts(100, { example: ['read_report', 'read_user'] }) permissions!: string[];
  @Part(() => CompanyReference) company!: CompanyReference;
}
