"""One thread for each process that calculates. Imports nothing, so that it can be read before numpy is."""

# Two processes of one thread train and score faster than one of two, and beside a busy core a product that is cut up
# for two threads waits for the slower one.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
}
