"""When training ends early: after some measurements without a better one, killed in between or not."""

from transformers import EarlyStoppingCallback, TrainerControl, TrainerState, TrainingArguments


class Patience(EarlyStoppingCallback):
    """Counts the measurements since the best one, also those before a run was killed."""

    def __init__(self, num_measurements: int) -> None:
        """Take how many measurements without a better one end the training."""
        super().__init__(num_measurements)

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **further: object
    ) -> None:
        """Count what was measured before, and end at once where that was enough."""
        super().on_train_begin(args, state, control, **further)  # type: ignore[no-untyped-call]
        name = f"eval_{str(args.metric_for_best_model).removeprefix('eval_')}"
        measured = [entry[name] for entry in state.log_history if name in entry]
        if measured:
            best = max(measured) if args.greater_is_better else min(measured)
            # Only what is better than the best one counts, not what is as good.
            self.early_stopping_patience_counter = len(measured) - 1 - measured.index(best)
        if self.early_stopping_patience_counter >= self.early_stopping_patience:
            control.should_training_stop = True
