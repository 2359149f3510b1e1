import { useSyncExternalStore } from "react";

import { useStorefront } from "../app/storefront.tsx";
import type { SessionState } from "./session.ts";

/** Who this browser acts for, followed. */
export function useSession(): SessionState & { readonly signedIn: boolean } {
  const { session } = useStorefront();
  const state = useSyncExternalStore(session.watch, session.read);
  return { ...state, signedIn: state.status === "signed-in" };
}
