import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { NotPersonal } from './personal.js';

/** A dump on disk; `verified` once it was restored and compared. */
@Entity('backup_snapshots')
export class BackupSnapshot {
  @PrimaryGeneratedColumn('uuid')
  @NotPersonal()
  id!: string;

  @Column('text')
  @NotPersonal()
  path!: string;

  /** In bytes. */
  @Column('bigint')
  @NotPersonal()
  size!: string;

  @Column('boolean', { default: false })
  @NotPersonal()
  verified!: boolean;

  /** SHA-256 of the file, in hex. */
  @Column('text', { nullable: true })
  @NotPersonal()
  checksum!: string | null;

  @CreateDateColumn({ type: 'timestamptz' })
  @NotPersonal()
  createdAt!: Date;
}
