import { useEffect, useRef } from "react";
import { useLocation } from "wouter";

/** A new page starts at its top; going back returns to where it was, which the browser does. */
export function useScrollToTop(): void {
  const [location] = useLocation();
  const wentBack = useRef(false);
  const last = useRef(location);
  useEffect(() => {
    const note = () => (wentBack.current = true);
    addEventListener("popstate", note);
    return () => removeEventListener("popstate", note);
  }, []);
  useEffect(() => {
    if (last.current === location) return;
    last.current = location;
    if (!wentBack.current) {
      scrollTo(0, 0);
      document.getElementById("main")?.focus({ preventScroll: true });
    }
    wentBack.current = false;
  }, [location]);
}
