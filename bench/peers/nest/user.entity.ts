import { Exclude } from 'class-transformer';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('users')
export class User {
  @PrimaryColumn('uuid')
  companyId!: string;

  @PrimaryColumn('uuid')
  id!: string;

  @Column('citext')
  email!: string;

  @Exclude()
  @Column('text', { nullable: true })
  passwordHash!: string | null;
}
