import '@mantine/core/styles.css';
import 'uplot/dist/uPlot.min.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/pages.css';
import { createTheme, localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError } from './api/client.ts';
import { App } from './app.tsx';
import { AnnouncerProvider } from './components/parts.tsx';
import { LanguageProvider } from './i18n.tsx';
import { RouterProvider } from './router.tsx';

const theme = createTheme({ cursorType: 'pointer', defaultRadius: 6, respectReducedMotion: true });
const schemes = localStorageColorSchemeManager({ key: 'pika-expander.scheme' });

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      refetchOnWindowFocus: true,
      // What was refused stays refused; what was not answered is asked again.
      retry: (failures, error) =>
        failures < 3 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
      retryDelay: (failures, error) =>
        Math.max(Math.min(4_000, 400 * 2 ** failures), error instanceof ApiError ? error.retryAfterMs : 0),
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={schemes}
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={queries}>
        <LanguageProvider>
          <RouterProvider>
            <AnnouncerProvider>
              <App />
            </AnnouncerProvider>
          </RouterProvider>
        </LanguageProvider>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
