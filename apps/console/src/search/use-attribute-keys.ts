import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { AttributeKeysResponse } from '../api/types.ts';
import { get } from '../api/client.ts';

/** Keys of attributes for completion, the most frequent first. @param service of the spans; empty for all */
export function useAttributeKeys(service: string, isEnabled: boolean): readonly string[] {
  const ofService = service === '' ? '' : `?${new URLSearchParams({ service }).toString()}`;
  const { data } = useQuery({
    queryKey: ['attribute-keys', service],
    enabled: isEnabled,
    queryFn: ({ signal }) => get<AttributeKeysResponse>(`attribute-keys${ofService}`, signal),
  });
  return useMemo(() => [...new Set(data?.keys.map(({ key }) => key))], [data]);
}
