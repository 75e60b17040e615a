import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IfMatch, PathId } from '#core';
import type { ExpectedVersion, JsonPage } from '#core';
import { Own, RequirePermission } from '#rbac';
import { CreateTask, TaskPage, TaskQuery, TaskView, UpdateTask } from './task.dto.js';
import { TaskRepository } from './task.repository.js';
import { TaskService } from './task.service.js';

@ApiTags('Tasks')
@Controller('tasks')
export class TaskController {
  constructor(
    private readonly service: TaskService,
    private readonly tasks: TaskRepository,
  ) {}

  @Get()
  @Own()
  @ApiOperation({ summary: 'List tasks by title' })
  @ApiOkResponse({ type: TaskPage })
  list(@Query() query: TaskQuery): Promise<JsonPage<TaskView>> {
    return this.tasks.list(query);
  }

  @Post()
  @RequirePermission('create_task')
  @ApiOperation({ summary: 'Create a task' })
  @ApiCreatedResponse({ type: TaskView })
  create(@Body() body: CreateTask): Promise<TaskView> {
    return this.service.create(body);
  }

  @Get(':id')
  @Own()
  @ApiOperation({ summary: 'Read a task' })
  @ApiOkResponse({ type: TaskView })
  read(@PathId() id: string): Promise<TaskView> {
    return this.tasks.read(id);
  }

  @Patch(':id')
  @RequirePermission('update_task')
  @ApiOperation({ summary: 'Change a task' })
  @ApiOkResponse({ type: TaskView })
  change(@PathId() id: string, @Body() body: UpdateTask, @IfMatch() expected: ExpectedVersion): Promise<TaskView> {
    return this.service.change(id, body, expected);
  }

  @Delete(':id')
  @RequirePermission('delete_task')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a task; what was booked on it stays' })
  @ApiNoContentResponse()
  delete(@PathId() id: string, @IfMatch() expected: ExpectedVersion): Promise<void> {
    return this.service.delete(id, expected);
  }
}
