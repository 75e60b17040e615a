import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import type { EntriesQuery } from './entries.query.js';
import { Entry } from './entry.entity.js';

@Injectable()
export class EntriesService {
  constructor(@InjectRepository(Entry) private readonly entries: Repository<Entry>) {}

  findAll(companyId: string, { limit, offset, include }: EntriesQuery): Promise<Entry[]> {
    return this.entries.find({
      where: { companyId },
      relations: { actionCode: include === 'actionCode' },
      order: { day: 'ASC', startedAt: 'ASC', id: 'ASC' },
      take: limit,
      skip: offset,
    });
  }
}
