import { Column, Entity, Index, JoinColumn, ManyToOne } from 'typeorm';
import type { Relation } from 'typeorm';
import { CompanyEntity, NotPersonal, sameCompany } from '#core';

/** A named set of permissions. System roles (Admin, Manager, Employee) come with the company and never change. */
@Entity('roles')
@Index('roles_name_unique', ['companyId', 'name'], { unique: true, where: '"deletedAt" IS NULL' })
export class Role extends CompanyEntity {
  @Column('varchar', { length: 255 }) @NotPersonal() name!: string;

  @Column('text', { nullable: true }) @NotPersonal() description!: string | null;

  @Column('boolean', { default: false }) @NotPersonal() system!: boolean;
}

/** One permission of the catalogue, as this company knows it. */
@Entity('permissions')
@Index('permissions_name_unique', ['companyId', 'name'], { unique: true, where: '"deletedAt" IS NULL' })
export class Permission extends CompanyEntity {
  @Column('varchar', { length: 100 }) @NotPersonal() name!: string;

  @Column('text', { nullable: true }) @NotPersonal() description!: string | null;
}

@Entity('role_permissions')
@Index('role_permissions_unique', ['companyId', 'roleId', 'permissionId'], { unique: true, where: '"deletedAt" IS NULL' })
@Index('role_permissions_permission_idx', ['companyId', 'permissionId'])
export class RolePermission extends CompanyEntity {
  @Column('uuid') @NotPersonal() roleId!: string;

  @ManyToOne(() => Role, { onDelete: 'RESTRICT', orphanedRowAction: 'disable' })
  @JoinColumn(sameCompany('roleId'))
  role!: Relation<Role>;

  @Column('uuid') @NotPersonal() permissionId!: string;

  @ManyToOne(() => Permission, { onDelete: 'RESTRICT', orphanedRowAction: 'disable' })
  @JoinColumn(sameCompany('permissionId'))
  permission!: Relation<Permission>;
}
