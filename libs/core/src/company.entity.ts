import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { BaseEntity, Stamped } from './database/base.entity.js';
import { NotPersonal } from './personal.js';

/** The tenant. */
@Entity('companies')
@Index('companies_name_unique', ['name'], { unique: true, where: '"deletedAt" IS NULL' })
export class Company extends BaseEntity {
  @Column('varchar', { length: 255 })
  @NotPersonal()
  name!: string;

  /** IANA name; written together with the settings' time zone, which is the one that counts. */
  @Column('varchar', { length: 255, nullable: true })
  @NotPersonal()
  timezone!: string | null;
}

/** A record of one company: the company comes first in its key, and in every key that points at it. */
export abstract class CompanyEntity extends Stamped {
  @PrimaryColumn('uuid', { update: false })
  @NotPersonal()
  companyId!: string;

  // Here and not in a common base: TypeORM orders a key as its columns are declared.
  @PrimaryGeneratedColumn('uuid')
  @NotPersonal()
  id!: string;

  // The first relation on companyId: TypeORM takes the column from it and leaves it alone in the composite ones.
  @ManyToOne(() => Company, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'companyId' })
  company!: Relation<Company>;
}

/** The join columns of a reference to another record of the same company. */
export const sameCompany = (column: string) => [
  { name: 'companyId', referencedColumnName: 'companyId' },
  { name: column, referencedColumnName: 'id' },
];
