import type { FastifyRequest } from 'fastify';
import { nobody, type Reader } from '../model/text.ts';

export const reader = (_request: FastifyRequest): Reader => nobody;
