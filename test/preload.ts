// Nest first: CommonJS packages that require() it in the middle of its own loading would find a cycle.
import 'reflect-metadata';
import '@nestjs/common';
import '@nestjs/core';
