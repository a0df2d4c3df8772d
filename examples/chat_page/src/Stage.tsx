export type StageProps = { stage: string; text: string };

/** Draw an accepted stage, folded. */
export function Stage({ stage, text }: StageProps) {
  return (
    <details className="stage">
      <summary>{stage}</summary>
      <p>{text}</p>
    </details>
  );
}
