/** Drawn here, so that nothing is loaded: 16 × 16, one stroke. */
const paths = {
  check: 'M3.5 8.5l3 3 6-7',
  cross: 'M4 4l8 8M12 4l-8 8',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.5v9l7-4.5z',
  stop: 'M5.3 2h5.4L14 5.3v5.4L10.7 14H5.3L2 10.7V5.3zM8 5v4M8 11v.2',
  hand: 'M8 14.5A6.5 6.5 0 1 0 8 1.5a6.5 6.5 0 0 0 0 13zM8 4.5V8l2.5 1.5',
  ring: 'M8 2a6 6 0 1 1-6 6',
  circle: 'M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11z',
  ban: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM3.8 3.8l8.4 8.4',
  warning: 'M8 2L1.5 13.5h13zM8 6.5v3M8 11.4v.2',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.2V11M8 4.9v.2',
  shield: 'M8 1.8l5.2 2v4c0 3-2.2 5.300-5.200 6.400C5 13.100 2.800 10.800 2.800 7.800v-4zM6 6l4 4M10 6l-4 4',
  skip: 'M3 4l5 4-5 4zM9 4l4 4-4 4',
  moon: 'M13.500 9.700A6 6 0 0 1 6.300 2.500a6 6 0 1 0 7.200 7.200z',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v1.500M8 13.500V15M1 8h1.500M13.500 8H15M3 3l1.100 1.100M11.900 11.900L13 13M13 3l-1.100 1.100M4.100 11.900L3 13',
  out: 'M6 2.500H3v11h3M10 5l3 3-3 3M13 8H6.500',
  download: 'M8 2v7.500M4.800 6.700L8 9.900l3.200-3.200M2.500 13.500h11',
  dots: 'M3.500 8h.1M8 8h.1M12.500 8h.1',
  snow: 'M8 1.500v13M2.400 4.800l11.200 6.400M13.600 4.800L2.400 11.200M6 2.800l2 2 2-2M6 13.200l2-2 2 2',
  plus: 'M8 3v10M3 8h10',
  arrow: 'M3 8h9.500M9 4.500L12.500 8 9 11.500',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, turning }: { readonly name: IconName; readonly turning?: boolean }) {
  return (
    <svg
      className={turning ? 'icon turning' : 'icon'}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'dots' ? 2.4 : 1.6}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}

/** The path alone, for use inside another picture. */
export const iconPath = (name: IconName): string => paths[name];
