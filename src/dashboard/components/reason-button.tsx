import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../api/client.ts';
import { ReasonDialog } from './reason-dialog.tsx';

interface ReasonButtonProps {
  readonly label: string;
  readonly title: string;
  readonly text: string;
  /** What is asked for, with the reason in its body. */
  readonly path: string;
  /** Default: POST. */
  readonly method?: 'POST' | 'DELETE';
  /** What it is about, where several such buttons stand on a page. */
  readonly about?: string;
  readonly body?: object;
  /** The answer that is read again afterwards. */
  readonly changes: readonly string[];
  readonly small?: boolean;
}

/** A button that asks for a reason, and then the service for what it says. */
export function ReasonButton({
  label,
  title,
  text,
  path,
  method = 'POST',
  about,
  body,
  changes,
  small,
}: ReasonButtonProps) {
  const client = useQueryClient();
  const [asked, setAsked] = useState(false);
  const send = async (reason: string) => {
    await call(path, { method, body: { ...body, reason } });
    await client.invalidateQueries({ queryKey: changes });
  };
  return (
    <>
      <Button
        variant="default"
        {...(about === undefined ? {} : { 'aria-label': `${label}: ${about}` })}
        {...(small ? { size: 'compact-xs' } : {})}
        onClick={() => setAsked(true)}
      >
        {label}
      </Button>
      {asked && (
        <ReasonDialog
          title={title}
          text={text}
          confirm={label}
          dangerous
          onClose={() => setAsked(false)}
          onConfirm={send}
        />
      )}
    </>
  );
}
