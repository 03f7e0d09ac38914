import type { Entrances } from './entrances.ts';

/** The real parts, each loaded when it is asked for: `--help` must not wait for them. */
export const loadEntrances: Entrances = {
  serve: async (options) => (await import('../main.ts')).serve(options),
  backup: async (path, options) => (await import('../backup/index.ts')).backUp(path, options),
  restore: async (path, options) => (await import('../backup/index.ts')).restore(path, options),
  markRestored: async (options) => (await import('../backup/index.ts')).markRestored(options),
  demo: async (options) => (await import('../demo/index.ts')).runDemo(options),
  simulate: async (request, parts) => (await import('../demo/simulate.ts')).simulate(request, parts),
  replay: async (path, reader) => (await import('../replay/index.ts')).replayFile(path, reader),
  verifyEvidence: async (path, key) => (await import('../verify/file.ts')).verifyFile(path, key),
  verifyTrail: async (source, checks) => (await import('../verify/file.ts')).verifyTrailFile(source, checks),
  record: async (request) => (await import('../replay/record.ts')).record(request),
  logs: async (paths, masterPaths, reader) =>
    (await import('../replay/logs.ts')).readLogs(paths, masterPaths, reader),
  agent: async (request) => (await import('../agent/index.ts')).runAgent(request),
  agentReport: async (request) => (await import('../agent/index.ts')).firstReport(request),
};
