import { queryOptions } from "@tanstack/react-query";

type Corner = readonly [latitude: number, longitude: number];

/** What the quiet base of the map is drawn of: no tiles, only what the server knows itself (`GET /v1/map/base`). */
export interface BaseMap {
  areas: readonly { name: string; latitude: number; longitude: number; outline: readonly Corner[] }[];
  water: readonly { name: string; kind: "area" | "line"; points: readonly Corner[] }[];
}

/** What the server lets pages know (`GET /v1/web-config`); without `tile_url` the map draws its own base. */
interface MapConfig {
  tile_url?: string | null;
  tile_attribution?: string | null;
}

const NOTHING: BaseMap = { areas: [], water: [] };

export const baseQuery = queryOptions({
  queryKey: ["map", "base"],
  queryFn: async (): Promise<BaseMap> => ({ ...NOTHING, ...(await read<BaseMap>("/v1/map/base")) }),
  staleTime: Infinity,
});

export const mapConfigQuery = queryOptions({
  queryKey: ["map", "config"],
  queryFn: async (): Promise<MapConfig> => (await read<MapConfig>("/v1/web-config")) ?? {},
  staleTime: Infinity,
});

/** A map without its base is still a map of pins, so what cannot be read is left out. */
async function read<T>(path: string): Promise<T | null> {
  try {
    const answer = await fetch(path);
    return answer.ok ? ((await answer.json()) as T) : null;
  } catch {
    return null;
  }
}
