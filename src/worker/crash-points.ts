/**
 * Named places before and after every durable step. With PIKA_EXPANDER_CRASH_AT=<name> or <name>:<n> in the environment
 * the process kills itself (SIGKILL) at the n-th time it comes there: only tests set it.
 */
export function crashPointFromEnvironment(
  setting = process.env.PIKA_EXPANDER_CRASH_AT,
): (name: string) => void {
  if (!setting) return () => undefined;
  const [wanted, times = '1'] = setting.split(':');
  let left = Number(times);
  return (name) => {
    if (name !== wanted) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
