import { Button, Modal, Textarea } from '@mantine/core';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import { useMessages } from '../i18n.tsx';
import { ErrorNotice } from './parts.tsx';

/** When this goes, the focus returns to where it was when it came. */
export function useFocusBack(): void {
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      if (before instanceof HTMLElement && before.isConnected) setTimeout(() => before.focus());
    },
    [before],
  );
}

export interface ReasonDialogProps {
  readonly title: string;
  readonly text: string;
  readonly confirm: string;
  readonly dangerous?: boolean;
  readonly onClose: () => void;
  /** Rejects when the service refuses; the dialog then shows why and stays. */
  readonly onConfirm: (reason: string) => Promise<unknown>;
  /** What else is to be chosen. */
  readonly children?: ReactNode;
}

/** Asks for the reason without which nothing is controlled. Shown as long as it is mounted. */
export function ReasonDialog(props: ReasonDialogProps) {
  const t = useMessages();
  const [reason, setReason] = useState('');
  const [missing, setMissing] = useState(false);
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  useFocusBack();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim() === '') return setMissing(true);
    setSending(true);
    setError(null);
    try {
      await props.onConfirm(reason.trim());
      props.onClose();
    } catch (refusal) {
      setError(refusal);
      setSending(false);
    }
  };

  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.title}
      centered
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': t.common.close }}
    >
      <form onSubmit={submit} className="stack" noValidate>
        <p className="soft">{props.text}</p>
        <Textarea
          data-autofocus
          label={t.controls.reasonLabel}
          value={reason}
          onChange={(event) => {
            setReason(event.currentTarget.value);
            setMissing(false);
          }}
          rows={3}
          maxLength={1000}
          required
          error={missing ? t.controls.reasonNeeded : undefined}
        />
        {props.children}
        {error !== null && <ErrorNotice error={error} title={t.error.controlRefused} />}
        <div className="row end">
          <Button variant="default" onClick={props.onClose}>
            {t.common.dismiss}
          </Button>
          <Button type="submit" loading={sending} {...(props.dangerous ? { className: 'danger' } : {})}>
            {props.confirm}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
