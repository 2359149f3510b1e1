import { Component, type ReactNode } from "react";

interface MishapState {
  readonly failed: boolean;
}

/** Shows a page that offers a way on when a part of the storefront itself breaks. */
export class Mishap extends Component<{ readonly children: ReactNode }, MishapState> {
  override state: MishapState = { failed: false };

  static getDerivedStateFromError(): MishapState {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <section className="page page-narrow" role="alert">
        <h1>A thread has come loose</h1>
        <p className="lede">This page broke on our side. Your cart is safe.</p>
        <p>
          <a href="/shop/">Back to the shop</a>
        </p>
      </section>
    );
  }
}
