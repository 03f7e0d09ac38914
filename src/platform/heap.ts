import { setFlagsFromString } from 'node:v8';

/**
 * Looks leave much garbage and little else. By default V8 lets the heap grow to several times what is in use before it collects; after
 * this it lets it grow by 20 %. For a process that is a service; works from here on.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=20');
}
