"""The numbers that no standard and no formula gives: tuned on the labelled benchmark sets, see docs/accuracy.md.

They stand together so that a reader sees how many there are. Numbers that come from physics, from a standard or from
the meaning of a quantity stand where they are used. ``docs/accuracy.md`` says on which sets and against which goals
these were chosen.
"""

from __future__ import annotations

# --- Data quality: when a reading is not judged (``data_quality_flags``, ``meter_findings``) -----------------------
DEAD_LOADING = 0.03
"""Apparent power per unit below which nothing is supplied: more than a transformer takes when it runs empty."""

FROZEN_OIL_HOURS, FROZEN_SAMPLES, FINE_STEPS = 4.0, 4, 50
"""A value of fewer than so many steps of the meter's resolution may well stand still for a while."""

STANDBY_SHARE = 0.15
"""Share of the usual high load below which a load that stands still is standby, not a frozen register."""

STILL_BY_CHANCE, STILL_HOURS = 1e-6, (1.0, 2.0, 4.0, 8.0, 24.0)
"""A register counts as frozen after the first of these hours that it would stand still by chance once in a million."""

HIGH_LOAD_QUANTILE, TRIANGLE_QUANTILE = 0.95, 0.999

POWER_HOLD_HOURS, REACTIVE_HOLD_HOURS, OIL_HOLD_HOURS = 2.0, 3.0, 12.0
RECONNECTION_HOURS = 1.0
"""How long after the last hit a quantity is not judged; after an outage a capacitor bank comes back step by step."""

MIN_VOLTAGE_SPREAD, MIN_CURRENT_DEVIATION, DEVIATIONS = 0.03, 0.008, 6.0
TRIANGLE_FACTOR, TRIANGLE_FACTOR_ONCE, MIN_REACTIVE_OFF = 1.5, 2.0, 0.03
"""Departures of the meter's own ratios: in median deviations and at least so much; over the largest gap in training."""

VOLTAGE_SLACK, CURRENT_SLACK, TRIANGLE_SLACK = 0.04, 0.02, 0.10
"""Part of a real imbalance of the phase currents that shows in voltage spread, U·I over S, and the triangle."""

OIL_JUMP_K_PER_15_MIN = 5.0
"""From cold to rated load, 55 K of rise with a time constant of 180 min, is 55 · (1 − exp(−15/180)) = 4.4 K."""

POWER_FACTOR_TOLERANCE = 0.02

WIRING_MIN_LOADING = 0.05
"""Apparent power per unit from which the angle of P + iQ says something."""

ANGLE_DEVIATIONS, MIN_ANGLE_TOLERANCE, MAX_ANGLE_TOLERANCE = 4.0, 15.0, 30.0
"""How far the angle may be from its usual one, in median deviations and degrees: half of the 60° between two faults."""

TURNED_TOLERANCE, TURNED_SIZE = 15.0, 0.15
"""When it is rewired the angle turns by 120° or 180°, give or take, while U·I changes by less (logarithm)."""

WIRING_LASTS_H, REWIRED_WITHIN_H = 24.0, 6.0
"""What lasts for a day and a night is no sun; a meter that is worked on is back within so many hours."""

ALWAYS_IMPORTS, BEYOND_USUAL_KVAR = 0.95, 1.2
"""Share of readings from which a substation counts as importing; kvar over the largest usual that no load draws."""

MIN_LOAD_OF_SIGN = 0.20
"""Active power per unit from which a change of the sign of Q is no matter of light load."""

LEADING_SLOPE = -0.05
"""kvar per kW over a day: leading kvar that grow with the load are lagging ones with the wrong sign."""

METER_WINDOW_H, METER_ON_DELAY_H, METER_SHARE, METER_OFF_DELAY_H = 2.0, 1.5, 0.5, 24.0
"""Half of the rows of two hours; a loose contact comes and goes: what returns within a day is one fault."""

# --- Scores: the least that is worth an alarm, whatever is usual for a substation (``scores``) ---------------------
MIN_REACTIVE_LOSS_PCT = 1.2
MIN_DISTORTION_LOSS_PCT = 1.0
MIN_IMBALANCE_LOSS_PCT = 0.4
MIN_VOLTAGE_LOSS_PCT = 0.25
MIN_LOW_PF_LOAD_LOSS_PCT = 1.0
"""Extra loss in % of the local loss of the same steps."""

MIN_REACTIVE_SCALED = 0.3
"""Reactive residual in units of its usual size."""

LEADING_WINDOW_H, LEADING_BEYOND_LAGGING = 3.0, 1.5
"""Over-compensation has to be so much more unusual than a lack of kvar, whose learned thresholds it shares."""

MIN_IMBALANCE = 0.06
MIN_VOLTAGE = 0.018
MIN_OIL_K = 4.0
"""Departure of a phase's share of the mean current, of the voltage in per unit, of the oil in kelvin."""

WINDOW_STRICTNESS = {0.5: 2.5, 1.0: 2.0, 3.0: 1.4, 8.0: 1.1, 24.0: 1.0}
"""How much more a short window has to show: it holds fewer readings, so its mean wanders further by chance."""

SHORT_H = 3.0
"""Windows up to this long say when an episode is over; longer ones would smear its end."""

SHARE_WITH_MOVED_VOLTAGE = 0.25
"""A tap that moved takes the kvar of banks and machines with it: they count for a quarter."""

BEYOND_TRAINED_LOAD = 1.15
"""Reactive power at more load than this times the trained maximum is an extrapolation, and costs nothing certain."""

MIN_USUAL_LOSS_KW = 1.0
"""What about 200 kVA usually lose: smaller substations are judged as if they were that large, for a per cent of
their loss isn't worth a look."""

OVERLOAD_WINDOW_H = 0.5
OVERLOAD_LOADING = 0.90
OVERLOAD_GROWTH = 0.30
OVERLOAD_MIN_GROWTH = 0.18
OVERLOAD_BEYOND_EXTREME, OVERLOAD_BEYOND_LARGEST, OVERLOAD_BEYOND_GROWTH = 1.10, 1.02, 1.2
"""Loading per unit, and growth of the demand as a logarithm over what load, weather and neighbours give; the factors
are over the extremes of the training range."""

GROSS_GROWTH, GROSS_BEYOND_GROWTH, GROSS_LOSS_PCT = 0.50, 2.5, 50.0
"""A load two thirds above the expected one (logarithm 0.5), and 2.5 times the growth that training knew, is told below
the trained maximum too, where it makes for half of the loss."""

MIN_STEP_COVARIANCE = 1e-4
"""Product of a step of P and one of Q, per unit squared: two steps of one per cent of the rating."""

ROOT_SHARE = 0.75
MIN_KVAR_PER_KW = 0.08
MIN_FOR_COMBINED, COMBINED_SHARE = 0.5, 0.6
"""Kvar that follow kW and kvar above the expectation support each other: each above 0.5, they count 0.6 of the sum."""

COVARIANCE_FILLED = 0.5
"""Share of a window's steps that must be known: a step needs two neighbouring readings."""

# --- Thresholds from the normal steps of the training range (``threshold_learning``) -------------------------------
QUANTILE, QUANTILE_FACTOR = 0.97, 2.2
TAIL_QUANTILE, TAIL_FACTOR = 0.999, 1.15
EXTREME_QUANTILE, GROWTH_QUANTILE = 0.9995, 0.999
FIRST_QUANTILE, FIRST_FACTOR, FIRST_EXTREME, FIRST_ONE_SIDED = 0.90, 5.0, 0.98, 12.0
"""First: the wide thresholds of the passes that look for faults inside the training range itself."""

# --- Alarms from scores (``alarm_episodes``, ``indicator_alarms``) ------------------------------------------------
ON_DELAY_H, OFF_DELAY_H = 0.5, 2.0
OFF_SCORE = 0.45
SLOWEST_PACE, PACE_PER_SCORE, FASTEST_PACE = 0.2, 8.0, 4.0
"""Pace of the on-delay at the threshold, how fast it grows with the score, and its limit: 2.5 h at 1.0, half an hour
at 1.1. What hovers at the threshold is a bank between two steps more often than a fault; a fault rises on."""

MAX_SHARE_OF_DELAY, CLEAR_SCORE = 0.7, 1.5
"""What one reading counts for at most: a slow meter needs a second one, unless the score is clear."""

QUICK_WINDOW_H = 1.0
"""An indicator without a window this short never raises an alarm from one reading: what it shows is hours old."""

VISIT_RATED_HOURS, VISIT_RATED_HOURS_OIL, VISIT_RATED_HOURS_A_DAY = 0.05, 0.02, 0.25
VISIT_AGED_H = 1.0
"""An alarm comes on once a departure has cost what the transformer loses in three minutes at rated load, or an hour of
its life, or goes on at a pace that costs a quarter of an hour of rated load a day. What stays below is information.
Warm oil costs little while the load is light, so less of it is enough."""

WITHIN_TRAINING = 0.75
"""Factor on scores inside the training range, which looked at itself already and left out what was wrong."""

SETTLING_H = 24.0
"""A record's first windows are short and its oil has no history: nothing is raised from them."""

# --- What is left out of the training (``learning``) --------------------------------------------------------------
FIRST_PASSES = 2
FOLDS = 4
EXCLUDED_AROUND_H = 2.0
LASTING_H, LASTING_WINDOW_H = 3.0, 6.0
COSTLY_WINDOW_H = 24.0
"""A fault in the training range lasts three of six hours, or costs an alarm's worth over a day."""

# --- Fixed limits before a model is there (``fixed_limits``) -----------------------------------------------------
LIMIT_WINDOW_H, LIMIT_ON_DELAY_H, LIMIT_MIN_LOADING = 3.0, 3.0, 0.25
POWER_FACTOR_SHORTFALL, MAX_IMBALANCE = 0.15, 0.40
"""So far beyond any usual practice that nobody has to have seen the substation before."""

LIMIT_CONFIDENCE = 0.3

# --- Unusual behaviour (``unusual_findings``) ---------------------------------------------------------------------
UNUSUAL_AROUND_H, UNUSUAL_ON_DELAY_H = 6.0, 4.0
UNUSUAL_MIN_SHARE = 0.03
"""An episode is worth saying from an extra loss of 5 % of the local one on: some hours of it must come near."""

# --- Causes (``causes``) ------------------------------------------------------------------------------------------
LARGE_STEP = 2.5
COVARIANCE_UNIT = 0.8
GROWTH_UNIT_PU, GROWTH_POINTS = 0.06, (-1.0, 1.5)
STEPS_UNIT, STEPS_POINTS = 0.10, (0.0, 1.0)
LOW_PF_LOAD_LIMIT = 2.0
"""Low-power-factor load against capacitor, in points: the logarithm of how far kvar follow kW beyond the usual, growth
of the load, and the share of large load steps; each clipped so that none decides alone but the first."""

OVERLOAD_TAN_PHI = 0.33
MIN_GROWTH = 0.03
"""kvar per kW of growth up to which it is the load that grew (power factor 0.95), and the least growth, per unit."""

# --- Onset and end of an episode (``incidents``) ------------------------------------------------------------------
ONSET_WALK_H = 24.0
END_SHARE, ONSET_SHARE = 0.4, 0.2

# --- Whether a departure is still there (``presence``) --------------------------------------------------------------
OFF_DELAY_READINGS = 8
"""Given: an alarm is over after two hours or eight normal readings, whichever is longer."""

OVER_EVIDENCE, BACK_EVIDENCE = 12.0, 5.0
"""In nats. Over: what eight readings that are clearly normal come to, so that a fault that hides for a while is not
over; back: 150 times as likely (e to the fifth), since a second fault must not wait for the windows."""

MIN_PRESENCE_SPREAD, PRESENCE_BOUNDS = 0.5, (-0.6, 1.4)
"""In heights of the episode: so one reading speaks for 4 nats at most, and never decides alone."""

# --- Expectations (``expectations``, ``demand``) ------------------------------------------------------------------
COMMON_HOURS = 2.0
COMMON_DEAD_BAND, COMMON_DEAD_BAND_DISTORTION = 0.5, 0.3
"""What most neighbours do at once counts as common from this many usual errors on."""

HINGES = (0.10, 0.25, 0.40, 0.55, 0.70, 0.85, 0.95)
"""Quantiles of the load at which an expectation may bend."""

MIN_NEIGHBOURS = 3
"""A median over fewer others is no common movement."""

UNCOMPENSATED_TAN_PHI = 0.75
"""kvar per kW of load beyond the trained range: banks are exhausted, the load itself remains (power factor 0.8)."""

OIL_AGREES_H, OIL_AGREES_K, OIL_DOUBT_H = 3.0, 3.0, 72.0
FAR_BEYOND_TRAINED = 2.0
REST_WINDOW_H, MIN_REST_DEVIATION = 3.0, 0.15

# --- Generation behind the meter (``generation``) -----------------------------------------------------------------
CLEAR_SHORTFALL, SMALL_SHORTFALL, MIN_SHORTFALL = 0.25, 0.18, 0.03
"""Share of the usual load that does not arrive: what no ordinary day shows, what one may, and the least per unit."""

SMALL_KNOWN_H, SMALL_KNOWN_SHARE = 6.0, 0.5
"""What was likely for half of the last six hours goes on being so until the evening."""

USUAL_LOAD_ERROR = 0.05
"""Error of the load that hour, weekday and neighbours let expect, as a share of it."""

KVAR_STAYED = 0.5
"""Q is that of the usual load, not of the import, if it is off by less than this part of the difference."""

CLEAR_WINDOW_H, SMALL_WINDOW_H, GENERATION_SHARE = 2.0, 1.0, 0.75
CLEAR_LASTS_H, CLEAR_LASTS_SHARE = 4.0, 0.25
GENERATION_KNOWN_H = 120.0
"""Most of two hours make it clear, most of one hour likely; clear for an hour of four, it is remembered for so long."""

GENERATION_HOURS, GENERATION_ON_DELAY_H = 2.0, 1.0
"""Hours of a day in which generation has to be clear before it is told, and for how long that has to hold."""

SUN_QUANTILE, SUN_APART, SUN_OVER_DARK = 0.80, 0.08, 4.0
"""How far one day in five is from the usual load around noon, per unit and over what it is at night: with plants."""

MAX_CURRENT_HIDDEN = 2.0
"""Current of the load over the measured one up to which the measured THD can be judged."""

MAX_SHORTFALL_IN_THE_DARK, DARK_FILLED = 0.10, 0.10
"""What is missing at night as well is no sun; the share of a day's readings by night that must be known."""

# --- The autoencoder's say (``autoencoder_scores``) ---------------------------------------------------------------
CONFIRMING_HOURS = 3.0

# --- Sensitivity in false alarms per month (``calibration``) ------------------------------------------------------
COUNTED_AT = (1.35, 1.5, 1.75)
"""Factors on the scores at which alarms are counted: at 1 there are too few in a training range to count."""

RATE_EXPONENT = 6.5
"""False alarms grow with about this power of the factor, between 1 and 2."""

TYPICAL_RATE, TYPICAL_ALARMS = 0.1, 2.0
"""What is assumed before anything was counted, and how many counted alarms it weighs as much as."""

SENSITIVITY_RANGE = (0.6, 1.6)
