import { Button, PasswordInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ApiError } from '../api/client.ts';
import { keys, signIn, useSession } from '../api/queries.ts';
import { ErrorNotice, PageTitle } from '../components/parts.tsx';
import { useMessages } from '../i18n.tsx';
import { type Route, useRouter } from '../router.tsx';

/** Begins the sign-in with the identity provider, and comes back to this page. */
const beginAt = (route: Route): string =>
  `/v1/session/oidc?to=${encodeURIComponent(route.page === 'sign-in' ? '/' : window.location.pathname)}`;

export function SignInPage() {
  const t = useMessages().signIn;
  const client = useQueryClient();
  const { route, go } = useRouter();
  const provider = useSession().data?.provider ?? null;
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [sending, setSending] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (token.trim() === '') return setProblem(t.needed);
    setSending(true);
    setError(null);
    try {
      await signIn(token.trim());
      setToken('');
      await client.invalidateQueries({ queryKey: keys.session });
      if (route.page === 'sign-in') go({ page: 'overview' });
    } catch (refusal) {
      const unknown = refusal instanceof ApiError && [400, 401, 403].includes(refusal.status);
      if (unknown) setProblem(t.wrong);
      else setError(refusal);
    } finally {
      setSending(false);
    }
  };

  return (
    <div className="main sign-in">
      <form className="panel sign-in-box stack" onSubmit={submit} noValidate>
        <PageTitle title={t.title}>{t.title}</PageTitle>
        {provider !== null && (
          <>
            <Button component="a" href={beginAt(route)}>
              {t.withProvider(provider)}
            </Button>
            <p className="soft">{t.orToken}</p>
          </>
        )}
        <p className="soft">{t.text}</p>
        <PasswordInput
          label={t.token}
          value={token}
          onChange={(event) => {
            setToken(event.currentTarget.value);
            setProblem(null);
          }}
          error={problem}
          autoComplete="current-password"
          required
        />
        {error !== null && <ErrorNotice error={error} />}
        <Button type="submit" loading={sending} variant={provider === null ? 'filled' : 'default'}>
          {t.submit}
        </Button>
      </form>
    </div>
  );
}
