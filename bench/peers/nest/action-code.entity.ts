import { Exclude } from 'class-transformer';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('action_codes')
export class ActionCode {
  @Exclude()
  @PrimaryColumn('uuid')
  companyId!: string;

  @PrimaryColumn('uuid')
  id!: string;

  @Column('varchar', { length: 255 })
  code!: string;

  @Column('varchar', { length: 255 })
  name!: string;
}
