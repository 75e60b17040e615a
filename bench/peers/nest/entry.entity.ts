import { Exclude } from 'class-transformer';
import { Column, CreateDateColumn, DeleteDateColumn, Entity, JoinColumn, ManyToOne, PrimaryColumn, UpdateDateColumn, VersionColumn } from 'typeorm'; // prettier-ignore
import { ActionCode } from './action-code.entity.js';

@Entity('timesheet_entries')
export class Entry {
  @Exclude()
  @PrimaryColumn('uuid')
  companyId!: string;

  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid')
  userId!: string;

  @Column('uuid', { nullable: true })
  timesheetId!: string | null;

  @Column('uuid')
  actionCodeId!: string;

  @ManyToOne(() => ActionCode)
  @JoinColumn([
    { name: 'companyId', referencedColumnName: 'companyId' },
    { name: 'actionCodeId', referencedColumnName: 'id' },
  ])
  actionCode!: ActionCode;

  @Column('uuid', { nullable: true })
  taskId!: string | null;

  @Column('varchar', { length: 8 })
  workMode!: string;

  @Column('varchar', { length: 2 })
  country!: string;

  @Column('timestamptz', { nullable: true })
  startedAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  endedAt!: Date | null;

  @Column('text')
  timezone!: string;

  @Column('integer')
  durationMin!: number;

  @Column('date')
  day!: string;

  @Column('text', { nullable: true })
  note!: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;

  @Exclude()
  @DeleteDateColumn({ type: 'timestamptz' })
  deletedAt!: Date | null;

  @VersionColumn()
  version!: number;
}
